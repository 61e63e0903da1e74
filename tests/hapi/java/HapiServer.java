import ca.uhn.fhir.batch2.api.IJobMaintenanceService;
import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.batch2.jobs.export.BulkDataExportProvider;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binary.api.IBinaryStorageSvc;
import ca.uhn.fhir.jpa.binstore.MemoryBinaryStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.searchparam.config.NicknameServiceConfig;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.term.TermReadSvcImpl;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import java.net.InetSocketAddress;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.h2.jdbcx.JdbcConnectionPool;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/**
 * A HAPI FHIR R4 JPA server on a free port of the loopback address, with its data in memory (H2).
 * It prints its base address, and ends when its standard input ends or it is signalled.
 */
public final class HapiServer {

    private static final String PATH = "/fhir";

    private HapiServer() {}

    public static void main(String[] arguments) throws Exception {
        TermReadSvcImpl.setForceDisableHibernateSearchForUnitTest(true); // value sets are expanded from the database
        var beans = new AnnotationConfigApplicationContext(Beans.class);
        var jetty = new Server(new InetSocketAddress("127.0.0.1", 0));
        var handler = new ServletContextHandler();
        handler.addServlet(new ServletHolder(beans.getBean(RestfulServer.class)), PATH + "/*");
        jetty.setHandler(handler);
        jetty.start();
        var jobs = beans.getBean(IJobMaintenanceService.class); // an export goes on by it; other schedules stay off
        Executors.newSingleThreadScheduledExecutor(HapiServer::daemon)
                .scheduleWithFixedDelay(jobs::runMaintenancePass, 1, 1, TimeUnit.SECONDS);
        var port = ((ServerConnector) jetty.getConnectors()[0]).getLocalPort();
        System.out.println("http://127.0.0.1:" + port + PATH);
        while (System.in.read() >= 0) {
            // whoever started us is still there
        }
        System.exit(0);
    }

    private static Thread daemon(Runnable work) {
        var thread = new Thread(work, "jobs");
        thread.setDaemon(true);
        return thread;
    }

    /** What HAPI leaves to the site: the database, the settings, and the servlet. */
    @Configuration(proxyBeanMethods = false)
    @Import({
        JpaR4Config.class,
        HapiJpaConfig.class,
        JpaBatch2Config.class,
        Batch2JobsConfig.class,
        SubscriptionChannelConfig.class,
        NicknameServiceConfig.class,
        ThreadPoolFactoryConfig.class,
    })
    static class Beans {

        /**
         * Charts may refer to what is not on this server; a search is answered anew each time. Code systems are
         * ready when they are stored, for nothing runs in the background.
         */
        @Bean
        JpaStorageSettings storageSettings() {
            var settings = new JpaStorageSettings();
            settings.setEnforceReferentialIntegrityOnWrite(false);
            settings.setReuseCachedSearchResultsForMillis(null);
            settings.setSchedulingDisabled(true);
            settings.setDeferIndexingForCodesystemsOfSize(Integer.MAX_VALUE);
            settings.setHibernateSearchIndexFullText(false);
            settings.setHibernateSearchIndexSearchParams(false);
            return settings;
        }

        @Bean
        PartitionSettings partitionSettings() {
            return new PartitionSettings();
        }

        @Bean
        SubscriptionSettings subscriptionSettings() {
            return new SubscriptionSettings();
        }

        @Bean
        IBinaryStorageSvc binaryStorage() {
            return new MemoryBinaryStorageSvcImpl();
        }

        @Bean
        DataSource dataSource() {
            var pool = JdbcConnectionPool.create("jdbc:h2:mem:charts;DB_CLOSE_DELAY=-1", "", "");
            pool.setMaxConnections(40);
            return pool;
        }

        @Bean
        LocalContainerEntityManagerFactoryBean entityManagerFactory(
                ConfigurableListableBeanFactory beans, FhirContext fhir, JpaStorageSettings settings, DataSource data) {
            var factory = HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, settings);
            factory.setPersistenceUnitName("charts");
            factory.setDataSource(data);
            factory.setJpaProperties(hibernate());
            return factory;
        }

        private static Properties hibernate() {
            var properties = new Properties();
            properties.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
            properties.put("hibernate.hbm2ddl.auto", "update");
            properties.put("hibernate.jdbc.batch_size", "50");
            properties.put("hibernate.search.enabled", "false");
            return properties;
        }

        @Bean
        @Primary
        JpaTransactionManager transactionManager(EntityManagerFactory factory) {
            return new JpaTransactionManager(factory);
        }

        /** Pages have at most 200 entries, whatever `_count` asks for. */
        @Bean
        RestfulServer restfulServer(
                FhirContext fhir,
                IFhirSystemDao<?, ?> system,
                JpaSystemProvider<?, ?> operations,
                ValueSetOperationProvider terminology,
                BulkDataExportProvider export,
                ResourceProviderFactory resources,
                DatabaseBackedPagingProvider pages,
                JpaStorageSettings settings,
                ISearchParamRegistry parameters,
                IValidationSupport validation) {
            pages.setDefaultPageSize(20);
            pages.setMaximumPageSize(200);
            var server = new RestfulServer(fhir);
            server.registerProviders(resources.createProviders());
            server.registerProvider(operations);
            server.registerProviders(terminology, export);
            server.setPagingProvider(pages);
            server.setServerConformanceProvider(
                    new JpaCapabilityStatementProvider(server, system, settings, parameters, validation));
            return server;
        }
    }
}
